/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/base/strict.h"

bool strict_falco;
