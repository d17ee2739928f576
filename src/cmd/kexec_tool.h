/*
 * The program called as kexec: the command line, words and exit statuses of kexec-tools
 * 2.0.25, over kexec_file_load(2) alone.
 */
#ifndef CMD_KEXEC_TOOL_H
#define CMD_KEXEC_TOOL_H

/* Returns the exit status: 0 done, 1 the command line or a file is off, 253 the kernel has
 * no kexec_file_load(2) though -s asked for it, 255 any other failure. With --status 1 if a
 * kernel is loaded, 0 if not, 255 if the kernel does not say. */
int kexec_tool_main(int argc, char **argv);

#endif
