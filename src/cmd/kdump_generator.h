/* The program called as kdump-dep-generator, by systemd. */
#ifndef CMD_KDUMP_GENERATOR_H
#define CMD_KDUMP_GENERATOR_H

int kdump_generator_main(int argc, char **argv);

#endif
