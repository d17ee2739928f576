/* make-machine DIR: fill the directory with a made-up machine, for tests of the programs.
 */
#include "fake_machine.h"

int main(int argc, char **argv)
{
	struct fake_modules m;

	if (argc != 2 || strlen(argv[1]) >= sizeof(m.dir))
		return 2;
	snprintf(m.dir, sizeof(m.dir), "%s", argv[1]);
	machine_make(&m);
	return 0;
}
