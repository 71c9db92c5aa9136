# SPDX-License-Identifier: BSD-2-Clause
# The programs and their files: one a line, in alphabetical order (tests/style/check-sources). All
# but the mains are in libcpigate.a, so that the tests can link them.

noinst_LIBRARIES += src/libcpigate.a
EXTRA_DIST += src/layers.txt

src_libcpigate_a_SOURCES = \
	src/base/addr.c \
	src/base/addr.h \
	src/base/arena.c \
	src/base/arena.h \
	src/base/buf.c \
	src/base/buf.h \
	src/base/clock.c \
	src/base/clock.h \
	src/base/defs.h \
	src/base/err.c \
	src/base/err.h \
	src/base/escape.c \
	src/base/escape.h \
	src/base/list.h \
	src/base/log.c \
	src/base/log.h \
	src/base/map.c \
	src/base/map.h \
	src/base/mem.c \
	src/base/mem.h \
	src/base/rand.c \
	src/base/rand.h \
	src/base/ring.c \
	src/base/ring.h \
	src/base/slab.c \
	src/base/slab.h \
	src/base/str.c \
	src/base/str.h
