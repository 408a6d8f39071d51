# SPDX-License-Identifier: GPL-2.0
# soba: "make help" says what there is. The module itself is described in Kbuild.

# The kernel to build against: the running one's headers, else the newest installed.
KDIR ?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
	$(shell ls -d /lib/modules/*/build /usr/src/linux-headers-*[0-9]-*64 2>/dev/null | sort -rV))
PREFIX ?= /usr/local
DESTDIR ?=
MINUTES ?= 10

includedir = $(DESTDIR)$(PREFIX)/include/soba
sharedir = $(DESTDIR)$(PREFIX)/share/soba

.PHONY: all modules tests setup run check lint bench matrix debug stress mutate
.PHONY: install modules_install headers_install clean help

all: modules

modules: | need-kdir
	@case "$(KDIR)" in *"$$(uname -r)"*) ;; *) echo "note: for the kernel in $(KDIR), not the running $$(uname -r)" ;; esac
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

# soba_test.ko and soba_bench.ko as well, in the work tree
tests: | need-kdir
	$(MAKE) -C $(KDIR) M=$(CURDIR) SOBA_TESTS=y modules

.PHONY: need-kdir
need-kdir:
	@test -n "$(KDIR)" -a -e "$(KDIR)/Makefile" || { \
	echo "no kernel headers found: run 'make setup', or say make KDIR=<kernel build directory>" >&2; \
	exit 1; }

setup:
	@tools/setup

run: setup
	@tools/check/demo

check: setup
	@tools/check/run

lint: setup
	@tools/lint/run

bench: setup
	@tools/bench/run

matrix: setup
	@tools/check/matrix

# All selftests where KASAN, lockdep and kmemleak look on. Three quarters of an hour.
debug: setup
	@tools/check/run debug-all

# The tests are tested: each break of the core must make one fail. Half an hour.
mutate: setup
	@$(MAKE) --no-print-directory -C tools/harness mutate
	@tools/check/mutate

stress: setup
	@tools/check/stress $(MINUTES)

# Where the module lands is the kernel's business (INSTALL_MOD_PATH). It leaves
# depmod out where the headers have no System.map, as Debian's.
modules_install: modules
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) modules_install
	PATH="$$PATH:/usr/sbin:/sbin"; depmod $(if $(DESTDIR),-b $(DESTDIR)) "$$(modinfo -F vermagic ./soba.ko | cut -d" " -f1)"

# A client says: ccflags-y += -I$(PREFIX)/include
# and: make ... KBUILD_EXTRA_SYMBOLS=$(PREFIX)/share/soba/Module.symvers
headers_install: modules
	install -d $(includedir) $(sharedir)
	install -m 644 include/soba/*.h $(includedir)
	install -m 644 Module.symvers $(sharedir)

install: modules_install headers_install

clean:
	@test ! -e "$(KDIR)/Makefile" || $(MAKE) -C $(KDIR) M=$(CURDIR) SOBA_TESTS=y clean
	rm -rf build

help:
	@echo 'make              build soba.ko for KDIR ($(KDIR))'
	@echo 'make run          boot a virtual machine and see every kind of allocation in it'
	@echo 'make check        everything that is checked; SOBA_LANES="a b" selects'
	@echo 'make lint         style and static checks'
	@echo 'make bench        instructions per call, beside the kernel'\''s own allocators'
	@echo 'make matrix       build, load and test on kernels 6.1, 6.1-rt, 6.12 and 7.2'
	@echo 'make debug        all selftests on a kernel with KASAN, lockdep and kmemleak'
	@echo 'make stress       MINUTES=10 of load, on a stock and on a debug kernel'
	@echo 'make mutate       every break of the core that a test must notice; check takes some'
	@echo 'make install      soba.ko to /lib/modules, headers and Module.symvers to PREFIX'
	@echo '                  ($(PREFIX)); DESTDIR= goes before both; headers_install: no soba.ko'
	@echo 'make setup        install the Debian packages that all this needs'
	@echo 'make clean        remove what was built here; the kernels stay in the cache'
