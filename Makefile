# The front door. What is behind it is meson: build/ (gcc), build-clang/, build-asan/,
# build-tsan/, build-fuzz/.
#
#   make            build with gcc and with clang; a warning of either is an error
#   make demo       crash a current Debian kernel in a throw-away guest and say why it died
#   make demo-service  a guest with kdump armed, to be crashed with an AWS client: it says how
#   make check      every quick test; ends with "N passed, N failed"
#   make check-all  the longer matrix as well
#   make bench      measure, beside other tools where they are installed
#   make fuzz       run each fuzz target for FUZZ_SECONDS
#   make deps       install what `make` and `make check` need (as root)
#   make install    into DESTDIR: programs, man pages, units, rules, hooks, traditional names
#   make uninstall  what the last install put there
#
# demo, demo-service, check, check-all and bench install what is missing themselves when run as root.

CC := gcc
CLANG := clang-14
JOBS := $(shell n=$$(nproc); [ $$n -gt 2 ] || n=2; echo $$n)
FUZZ_SECONDS := 600
DEMO_OPTIONS :=
PREFIX := /usr/local
DESTDIR :=

MESON := meson
NINJA := ninja -j $(JOBS)

.PHONY: all gcc clang asan tsan demo demo-service check check-all bench fuzz deps install uninstall clean

all: gcc clang

# A build folder is made without the tests by `make demo`, which has no use for their
# library, and gets them when something else first needs them.
build/.with-tests:
	tools/install-packages --check build
	if [ -e build/build.ninja ]; then $(MESON) configure build -Dtests=true; \
	else CC=$(CC) $(MESON) setup build; fi
	touch $@

build/build.ninja:
	CC=$(CC) $(MESON) setup -Dtests=false build

build-clang/build.ninja:
	CC=$(CLANG) $(MESON) setup build-clang

build-asan/build.ninja:
	CC=$(CC) $(MESON) setup -Db_sanitize=address,undefined -Db_lundef=false build-asan

build-tsan/build.ninja:
	CC=$(CC) $(MESON) setup -Db_sanitize=thread -Db_lundef=false build-tsan

build-fuzz/build.ninja:
	CC=$(CLANG) $(MESON) setup -Dfuzz=true -Dtests=false -Db_lundef=false \
		-Db_sanitize=address,undefined build-fuzz

gcc: build/.with-tests
	$(NINJA) -C build

clang: build-clang/build.ninja
	$(NINJA) -C build-clang

asan: build-asan/build.ninja
	$(NINJA) -C build-asan

# What has threads, and what runs it.
tsan: build-tsan/build.ninja
	$(NINJA) -C build-tsan threaded

demo:
	tools/install-packages demo
	$(MAKE) --no-print-directory build/build.ninja
	$(NINJA) -C build inquest inquest-capture
	build/inquest rehearse --apt --cache build/kernels $(DEMO_OPTIONS)

demo-service:
	tools/install-packages demo demo-service
	$(MAKE) --no-print-directory build/build.ninja
	$(NINJA) -C build inquest inquest-capture inquestd
	tools/demo-service $(DEMO_OPTIONS)

check:
	tools/install-packages check
	$(MAKE) --no-print-directory gcc clang asan tsan
	tools/run-tests

check-all:
	tools/install-packages check all
	$(MAKE) --no-print-directory gcc clang asan tsan
	tools/run-tests --all

bench:
	tools/install-packages check bench
	$(MAKE) --no-print-directory gcc
	tools/run-bench

fuzz: build-fuzz/build.ninja
	$(NINJA) -C build-fuzz
	tools/fuzz --seconds $(FUZZ_SECONDS)

deps:
	tools/install-packages build check

install:
	$(MAKE) --no-print-directory build/.with-tests
	$(MESON) configure build -Dprefix=$(PREFIX)
	$(NINJA) -C build
	DESTDIR=$(DESTDIR) $(MESON) install -C build

uninstall:
	$(NINJA) -C build uninstall

clean:
	rm -rf build build-clang build-asan build-tsan build-fuzz
