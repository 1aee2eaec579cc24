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

dnl IPPRO_LINK_FLAG(FLAG): add FLAG to AM_LDFLAGS where compiler and linker take it.
AC_DEFUN([IPPRO_LINK_FLAG], [
AS_VAR_PUSHDEF([cached], [ippro_cv_link_flag_$1])
AC_CACHE_CHECK([whether $CC links with $1], [cached],
    [ippro_saved=$LDFLAGS
     LDFLAGS="$LDFLAGS $AM_CFLAGS -Werror $1"
     AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AS_VAR_SET([cached], [yes])], [AS_VAR_SET([cached], [no])])
     LDFLAGS=$ippro_saved])
AS_VAR_IF([cached], [yes], [AM_LDFLAGS="$AM_LDFLAGS $1"])
AS_VAR_POPDEF([cached])
AC_SUBST([AM_LDFLAGS])
])

dnl IPPRO_HARDENING: what makes a fault harder to use, where compiler and linker know it. _FORTIFY_SOURCE needs
dnl optimisation, and some compilers define it by themselves.
AC_DEFUN([IPPRO_HARDENING], [
IPPRO_C_FLAG([-fPIE])
IPPRO_C_FLAG([-fstack-protector-strong])
IPPRO_C_FLAG([-fstack-clash-protection])
IPPRO_C_FLAG([-fcf-protection])
IPPRO_LINK_FLAG([-pie])
IPPRO_LINK_FLAG([-Wl,-z,relro])
IPPRO_LINK_FLAG([-Wl,-z,now])
IPPRO_LINK_FLAG([-Wl,-z,noexecstack])
AC_CACHE_CHECK([whether calls of the C library can be checked], [ippro_cv_fortify],
    [ippro_saved=$CFLAGS
     CFLAGS="$CFLAGS -Werror"
     AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#if !defined __OPTIMIZE__ || defined _FORTIFY_SOURCE
#error not wanted
#endif
#define _FORTIFY_SOURCE 2
#include <stdio.h>
]])], [ippro_cv_fortify=yes], [ippro_cv_fortify=no])
     CFLAGS=$ippro_saved])
AS_VAR_IF([ippro_cv_fortify], [yes], [AM_CFLAGS="$AM_CFLAGS -D_FORTIFY_SOURCE=2"])
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
