#ifndef BRANCHMERGE_KERNELS_H
#define BRANCHMERGE_KERNELS_H
#include <stddef.h>
#include <stdint.h>
#endif
