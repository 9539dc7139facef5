#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Descriptors that come by odd ways have their names too.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Live;
use Test::More;

can_record();
my ($file, $said) = record(scratch(), [], program('handed'));
compare_marks('handed', $file, $said);
done_testing;
