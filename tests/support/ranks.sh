# SPDX-License-Identifier: GPL-3.0-or-later
# For tests under mpirun: sourced behind program.sh.

# Shared memory alone, as many ranks as we like on few processors, also as root in a container.
OMPI_ALLOW_RUN_AS_ROOT=1
OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
OMPI_MCA_rmaps_base_oversubscribe=1
OMPI_MCA_btl=self,vader
OMPI_MCA_plm=isolated
PRTE_ALLOW_RUN_AS_ROOT=1
ASAN_OPTIONS=detect_leaks=0:$ASAN_OPTIONS # what the MPI library keeps
export OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM OMPI_MCA_rmaps_base_oversubscribe OMPI_MCA_btl OMPI_MCA_plm
export PRTE_ALLOW_RUN_AS_ROOT ASAN_OPTIONS
TMPDIR=/tmp # the launcher's sockets have short names
export TMPDIR

# have_ranks: is the program built with MPI, and does mpirun start something here?
have_ranks() {
    "$IPPRO" --version | grep -q "MPI [0-9]" && command -v mpirun >/dev/null 2>&1 &&
        timeout -k 10 60 mpirun -n 2 true >launcher.out 2>&1
}
