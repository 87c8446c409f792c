#!/bin/bash
. "$(dirname "$0")/../../lib.sh"
whole_life
