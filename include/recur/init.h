// SPDX-License-Identifier: MIT
/* Initialisation of parameters, as in torch.nn.init. Layers initialise theirs as PyTorch does; call these to
 * differ.
 *
 * The numbers come from the seed of the parameter set and the parameter's position in it. The distributions
 * are PyTorch's, the numbers are not. For a weight [out, in, rest...]: fan_in = in * rest, fan_out = out *
 * rest. All return RECUR_EINVAL where the argument makes no sense, RECUR_ESHAPE where the shape has no fan
 * (rank < 2). */
#ifndef RECUR_INIT_H
#define RECUR_INIT_H

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum recur_fan { RECUR_FAN_IN = 0, RECUR_FAN_OUT = 1 } recur_fan;

RECUR_API recur_status recur_init_constant(recur_params *ps, recur_tensor *w, double value);
/* Uniform on [low, high). */
RECUR_API recur_status recur_init_uniform(recur_params *ps, recur_tensor *w, double low, double high);
RECUR_API recur_status recur_init_normal(recur_params *ps, recur_tensor *w, double mean, double deviation);
/* Glorot and Bengio 2010: uniform on +-gain * sqrt(6 / (fan_in + fan_out)); normal with the variance 2 /
 * (...). */
RECUR_API recur_status recur_init_xavier_uniform(recur_params *ps, recur_tensor *w, double gain);
RECUR_API recur_status recur_init_xavier_normal(recur_params *ps, recur_tensor *w, double gain);
/* He et al. 2015: uniform on +-gain * sqrt(3 / fan); normal with the deviation gain / sqrt(fan). The gain is
 * sqrt(2) for relu, sqrt(2 / (1 + a^2)) for leaky relu of slope a, 5/3 for tanh, 1 for linear and sigmoid. */
RECUR_API recur_status recur_init_kaiming_uniform(recur_params *ps, recur_tensor *w, double gain,
                                                  recur_fan fan);
RECUR_API recur_status recur_init_kaiming_normal(recur_params *ps, recur_tensor *w, double gain,
                                                 recur_fan fan);
/* Saxe et al. 2014: (semi-)orthogonal, rows or columns orthonormal times gain; axes after the first are
 * flattened. */
RECUR_API recur_status recur_init_orthogonal(recur_params *ps, recur_tensor *w, double gain);
/* Dirac-like identity on a square matrix, times gain: for the recurrent weight of a relu RNN (Le et al.
 * 2015). */
RECUR_API recur_status recur_init_eye(recur_params *ps, recur_tensor *w, double gain);

#ifdef __cplusplus
}
#endif

#endif
