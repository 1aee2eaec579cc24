/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan of an operator of one input that works element by element. */
#ifndef IPPRO_NN_OPERATOR_ACTIVATION_H
#define IPPRO_NN_OPERATOR_ACTIVATION_H

#include <stdint.h>

struct activation {
    double alpha, beta;      /* as the kernels name them; Clip's bounds */
    int64_t lowest, highest; /* Clip's bounds for integers */
};

#endif
