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

dnl IPPRO_X86_KERNELS: whether kernels can be compiled for AVX2 and AVX-512 and chosen when the program runs.
AC_DEFUN([IPPRO_X86_KERNELS], [
AVX2_CFLAGS="-mavx2 -mfma"
AVX512_CFLAGS="-mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma"
AC_CACHE_CHECK([whether kernels can be built for AVX2 and AVX-512], [ippro_cv_x86_kernels],
    [ippro_saved=$CFLAGS
     CFLAGS="$CFLAGS $AVX2_CFLAGS $AVX512_CFLAGS"
     AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <immintrin.h>
         __m512 probe(__m512 a, __m256 b) { return _mm512_fmadd_ps(a, _mm512_broadcast_f32x8(_mm256_fmadd_ps(b, b, b)), a); }]],
         [[return __builtin_cpu_supports("avx2") + __builtin_cpu_supports("fma") + __builtin_cpu_supports("avx512dq");]])],
         [ippro_cv_x86_kernels=yes], [ippro_cv_x86_kernels=no])
     CFLAGS=$ippro_saved])
AS_VAR_IF([ippro_cv_x86_kernels], [yes], [AC_DEFINE([HAVE_X86_KERNELS], [1], [Kernels are built for AVX2 and AVX-512.])])
AM_CONDITIONAL([X86_KERNELS], [test "x$ippro_cv_x86_kernels" = xyes])
AC_SUBST([AVX2_CFLAGS])
AC_SUBST([AVX512_CFLAGS])
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
