/* All of the inquest library: read dumps of crashed Linux machines, write your own checks.
 */
#ifndef INQUEST_INQUEST_H
#define INQUEST_INQUEST_H

#include "dump.h"
#include "error.h"
#include "report.h"
#include "tasks.h"
#include "types.h"

#endif
