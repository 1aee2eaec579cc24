dnl SPDX-License-Identifier: GPL-3.0-or-later

dnl IPPRO_C_FLAG(FLAG): add FLAG to AM_CFLAGS where the compiler takes it.
AC_DEFUN([IPPRO_C_FLAG], [
AS_VAR_PUSHDEF([cached], [ippro_cv_flag_$1])
AC_CACHE_CHECK([whether $CC takes $1], [cached],
    [ippro_saved=$CFLAGS
     CFLAGS="$CFLAGS -Werror $1"
     AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AS_VAR_SET([cached], [yes])], [AS_VAR_SET([cached], [no])])
     CFLAGS=$ippro_saved])
AS_VAR_IF([cached], [yes], [AM_CFLAGS="$AM_CFLAGS $1"])
AS_VAR_POPDEF([cached])
AC_SUBST([AM_CFLAGS])
])

dnl IPPRO_LIBRARY(VARIABLE, PKG-CONFIG MODULE, HEADER, LIBRARY, FUNCTION, DEBIAN PACKAGE)
dnl Sets VARIABLE_CFLAGS and VARIABLE_LIBS from pkg-config, else from a plain look for header and library.
AC_DEFUN([IPPRO_LIBRARY], [
PKG_CHECK_MODULES([$1], [$2], [],
    [AC_CHECK_HEADER([$3], [], [AC_MSG_ERROR([$3 is missing: install $6])], [#include <stdio.h>])
     AC_CHECK_LIB([$4], [$5], [$1_LIBS=-l$4], [AC_MSG_ERROR([lib$4 is missing: install $6])])])
])

dnl POSIX threads.
AC_DEFUN([AX_PTHREAD_SIMPLE], [
IPPRO_C_FLAG([-pthread])
AC_CHECK_HEADER([pthread.h], [], [AC_MSG_ERROR([POSIX threads are missing])])
])
