/* SPDX-License-Identifier: Apache-2.0 */
/** Everything at once; docs/design.md is the map. */
#pragma once

#include <omma/base.h>
#include <omma/frame.h>
#include <omma/geometry.h>
#include <omma/index.h>
#include <omma/map.h>
#include <omma/media.h>
#include <omma/pipeline.h>
#include <omma/slam.h>
