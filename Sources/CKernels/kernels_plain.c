// What every machine of the architecture can run.
#define BM_SET plain
#define BM_NAME "plain"
#include "kernels_body.h"
