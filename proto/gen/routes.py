#!/usr/bin/env python3
"""routes.py OPENAPI.json ROUTES.c OPENAPI.c - being written"""
import sys
open(sys.argv[2], 'w').write('typedef int loket_placeholder;\n')
open(sys.argv[3], 'w').write('typedef int loket_placeholder;\n')
