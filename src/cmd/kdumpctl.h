/* The programs called as kdumpctl and mkdumprd: their words and their exit statuses. */
#ifndef CMD_KDUMPCTL_H
#define CMD_KDUMPCTL_H

#include "cmd/service.h"

/* 0 done, 1 failed, 3 for status if no capture kernel is loaded. */
int kdumpctl_main(int argc, char **argv);

/* 0 the image is built, 1 it is not. */
int mkdumprd_main(int argc, char **argv);

/* kdumpctl estimate: prints, and returns the exit status. */
int kdumpctl_estimate(struct service *s, char **words);

#endif
