/* The program called as makedumpfile: its command line, its words, its exit statuses. */
#ifndef CMD_MAKEDUMPFILE_H
#define CMD_MAKEDUMPFILE_H

/* Returns 0, or 1 for any failure. What was cut short is one: scripts then try something
 * else. */
int makedumpfile_main(int argc, char **argv);

#endif
