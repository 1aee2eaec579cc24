/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranks over MPI. Everything is a non-blocking collective that is asked about now and then: MPI's own waiting
 * would take a processor from the threads that compute. */
#include "base/ranks.h"

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static int rank_count = 1, rank_index;

int ranks_count(void)
{
    return rank_count;
}

int ranks_index(void)
{
    return rank_index;
}

bool ranks_talks(void)
{
    return rank_index == 0;
}

/* What launchers tell the processes that they start. */
static const struct launcher {
    const char *variable;
    bool counts; /* its value is the number of ranks */
} launchers[] = {
    {"OMPI_COMM_WORLD_SIZE", true}, /* Open MPI's mpirun */
    {"PMI_SIZE", true},             /* MPICH's mpiexec, srun --mpi=pmi2 */
    {"PMIX_RANK", false},           /* srun --mpi=pmix, prun */
    {"MPI_LOCALNRANKS", true},      /* MPICH's mpiexec */
};

/* Ranks that a launcher tells of, 0: nobody did, -1: it does not say how many. */
static int launched(void)
{
    int found = 0;
    for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++) {
        const char *value = getenv(launchers[i].variable);
        if (value && launchers[i].counts && found <= 0)
            found = atoi(value);
        else if (value && found == 0)
            found = -1;
    }
    return found;
}

#ifdef HAVE_MPI

#include <fcntl.h>
#include <inttypes.h>
#include <mpi.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

enum { HOST_NAME = 64, WHAT = 160, PROCESSORS = CPU_SETSIZE };

static int talk = STDERR_FILENO; /* where ranks_abort writes */
static bool told;                /* all know of the failure that is on its way to the command's end */
static int share;                /* processors of this rank; 0: not known */
static char host[HOST_NAME];

/* What each rank says when all are to agree. */
struct standing {
    int32_t code, end;
    char what[WHAT];
};

static const char END[] = "the end";

static void wait_for(MPI_Request *request)
{
    enum { LONGEST = 200000 };
    struct timespec pause = {0, 5000};
    int done = 0;
    for (;;) {
        MPI_Test(request, &done, MPI_STATUS_IGNORE);
        if (done)
            return;
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < LONGEST)
            pause.tv_nsec += pause.tv_nsec / 2;
    }
}

const char *ranks_library(void)
{
    static char words[32];
    snprintf(words, sizeof words, "MPI %d.%d", MPI_VERSION, MPI_SUBVERSION);
    return words;
}

void ranks_broadcast(void *data, size_t bytes, int root)
{
    if (rank_count == 1)
        return;
    for (size_t done = 0; done < bytes;) {
        size_t part = bytes - done < RANKS_PART ? bytes - done : RANKS_PART;
        MPI_Request request;
        MPI_Ibcast((char *)data + done, (int)part, MPI_BYTE, root, MPI_COMM_WORLD, &request);
        wait_for(&request);
        done += part;
    }
}

void ranks_gather(const void *data, size_t bytes, void *all)
{
    unsigned char *own = (unsigned char *)all + (size_t)rank_index * bytes;
    if (own != data)
        memcpy(own, data, bytes);
    if (rank_count > 1 && bytes <= RANKS_PART) { /* one message, for most are small and many */
        MPI_Request request;
        MPI_Iallgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, (int)bytes, MPI_BYTE, MPI_COMM_WORLD,
                       &request);
        wait_for(&request);
        return;
    }
    for (int r = 0; r < rank_count; r++)
        ranks_broadcast((unsigned char *)all + (size_t)r * bytes, bytes, r);
}

int64_t ranks_least(int64_t value)
{
    int64_t least = value;
    if (rank_count > 1) {
        MPI_Request request;
        MPI_Iallreduce(&value, &least, 1, MPI_INT64_T, MPI_MIN, MPI_COMM_WORLD, &request);
        wait_for(&request);
    }
    return least;
}

void ranks_send(const void *data, size_t bytes, int to)
{
    for (size_t done = 0; done < bytes; done += RANKS_PART) {
        const size_t left = bytes - done;
        MPI_Request request;
        MPI_Isend((const char *)data + done, (int)(left < RANKS_PART ? left : RANKS_PART), MPI_BYTE, to, 0,
                  MPI_COMM_WORLD, &request);
        wait_for(&request);
    }
}

void ranks_receive(void *data, size_t bytes, int from)
{
    for (size_t done = 0; done < bytes; done += RANKS_PART) {
        const size_t left = bytes - done;
        MPI_Request request;
        MPI_Irecv((char *)data + done, (int)(left < RANKS_PART ? left : RANKS_PART), MPI_BYTE, from, 0,
                  MPI_COMM_WORLD, &request);
        wait_for(&request);
    }
}

void ranks_abort(const char *message)
{
    dprintf(talk, "ippro-explore: %s\n", message);
    if (rank_count > 1)
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    _exit(EXIT_FAILURE);
}

/* --- agreeing ------------------------------------------------------------------------------------------- */

status ranks_name(struct error *error)
{
    if (rank_index > 0)
        error_prefix(error, "rank %d on %s: ", rank_index, host);
    return error->code;
}

/* The first rank whose standing is another than rank 0's, 0 for none. */
static int stray(const struct standing *all)
{
    for (int r = 1; r < rank_count; r++)
        if (strcmp(all[r].what, all[0].what) != 0)
            return r;
    return 0;
}

static void end_apart(const struct standing *all, int other)
{
    char message[2 * WHAT + 160];
    snprintf(
        message, sizeof message,
        "ranks went different ways: rank 0 is at '%s', rank %d at '%s'; a script must do the same on every "
        "rank",
        all[0].what, other, all[other].what);
    if (rank_index == 0)
        ranks_abort(message);
    sleep(2); /* for rank 0 to say it */
    MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
}

static status exchange(const char *what, status code, struct error *error)
{
    struct standing *all = mem_new((size_t)rank_count, sizeof *all);
    struct standing own = {.code = (int32_t)code, .end = what == END};
    int failed = -1, ended = 0;
    if (!all)
        ranks_abort("out of memory");
    snprintf(own.what, sizeof own.what, "%s", what);
    ranks_gather(&own, sizeof own, all);
    for (int r = 0; r < rank_count; r++) {
        ended += all[r].end;
        if (failed < 0 && all[r].code != STATUS_OK)
            failed = r;
    }
    const int other = stray(all);
    if (other && (failed < 0 || ended))
        end_apart(all, other);
    mem_free(all);
    if (failed < 0)
        return STATUS_OK;
    if (failed == rank_index) {
        error->code = code;
        ranks_name(error);
    }
    ranks_broadcast(error, sizeof *error, failed);
    return error->code;
}

status ranks_agree(const char *what, status code, struct error *error)
{
    if (rank_count == 1)
        return code;
    code = exchange(what, code, error);
    told = code != STATUS_OK;
    return code;
}

status ranks_agree_end(const char *what, status code, struct error *error)
{
    const bool known = told;
    told = false;
    if (rank_count == 1 || (known && code != STATUS_OK))
        return code;
    return exchange(what, code, error);
}

/* --- joining and leaving -------------------------------------------------------------------------------- */

/* A processor that ranks share counts for a part in each: how many there are for this one. */
static void find_share(void)
{
    cpu_set_t mask;
    MPI_Comm machine;
    int *mine = mem_new(PROCESSORS, sizeof *mine), *all = mem_new(PROCESSORS, sizeof *all);
    CPU_ZERO(&mask);
    bool known = mine && all && sched_getaffinity(0, sizeof mask, &mask) == 0;
    if (!mine || !all)
        ranks_abort("out of memory");
    for (int i = 0; known && i < PROCESSORS; i++)
        mine[i] = CPU_ISSET(i, &mask) != 0;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank_index, MPI_INFO_NULL, &machine);
    MPI_Allreduce(mine, all, PROCESSORS, MPI_INT, MPI_SUM, machine);
    MPI_Comm_free(&machine);
    double sum = 0;
    for (int i = 0; i < PROCESSORS; i++)
        sum += mine[i] ? 1.0 / all[i] : 0;
    share = (int)(sum + 0.001);
    mem_free(mine);
    mem_free(all);
}

int ranks_threads(int online)
{
    if (rank_count == 1)
        return online;
    return share < 1 ? 1 : share < online ? share : online;
}

static void fall_silent(void)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC), kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (kept >= 0)
        talk = kept;
    if (nowhere >= 0) {
        fflush(stdout);
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
        close(nowhere);
    }
}

status ranks_begin(struct error *error)
{
    int level = 0, length = 0;
    char name[MPI_MAX_PROCESSOR_NAME + 1] = "";
    if (launched() == 0)
        return STATUS_OK;
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &level) != MPI_SUCCESS)
        return error_set(error, STATUS_UNSUPPORTED, "MPI cannot be initialised");
    MPI_Comm_size(MPI_COMM_WORLD, &rank_count);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_index);
    MPI_Get_processor_name(name, &length);
    snprintf(host, sizeof host, "%.*s", (int)sizeof host - 1, name);
    if (rank_count == 1)
        return STATUS_OK;
    if (rank_index > 0)
        fall_silent();
    if (level < MPI_THREAD_SERIALIZED)
        return error_set(error, STATUS_UNSUPPORTED, "this MPI library cannot be called from threads");
    find_share();
    return STATUS_OK;
}

void ranks_end(int code)
{
    struct error error = {.code = code ? STATUS_FAILED : STATUS_OK};
    int ready = 0;
    MPI_Initialized(&ready);
    if (!ready)
        return;
    fflush(stdout);
    if (rank_count > 1)
        exchange(END, error.code, &error);
    MPI_Finalize();
}

#else

const char *ranks_library(void)
{
    return "no MPI";
}

void ranks_broadcast(void *data, size_t bytes, int root)
{
    (void)data;
    (void)bytes;
    (void)root;
}

void ranks_gather(const void *data, size_t bytes, void *all)
{
    if (all != data)
        memcpy(all, data, bytes);
}

int64_t ranks_least(int64_t value)
{
    return value;
}

void ranks_send(const void *data, size_t bytes, int to)
{
    (void)data;
    (void)bytes;
    (void)to;
}

void ranks_receive(void *data, size_t bytes, int from)
{
    (void)data;
    (void)bytes;
    (void)from;
}

void ranks_abort(const char *message)
{
    fprintf(stderr, "ippro-explore: %s\n", message);
    _Exit(EXIT_FAILURE);
}

status ranks_name(struct error *error)
{
    return error->code;
}

status ranks_agree(const char *what, status code, struct error *error)
{
    (void)what;
    (void)error;
    return code;
}

status ranks_agree_end(const char *what, status code, struct error *error)
{
    (void)what;
    (void)error;
    return code;
}

int ranks_threads(int online)
{
    return online;
}

status ranks_begin(struct error *error)
{
    if (launched() > 1)
        return error_set(error, STATUS_UNSUPPORTED,
                         "started as one of %d ranks, but built without MPI (configure --with-mpi)",
                         launched());
    return STATUS_OK;
}

void ranks_end(int code)
{
    (void)code;
}

#endif
