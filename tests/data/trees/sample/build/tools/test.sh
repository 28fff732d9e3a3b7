#!/bin/sh
set -e
cc --version
