#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What reading a .scap capture must give, by an independent reader (scapdump.py) and the tables
of Falco's own conversion, for tests/scap-captures.t.  Arguments: the shared folder, a capture.

  E TS CPU TID TYPE           each event that must be delivered, in order
  S TS CPU TID DIR TYPE       each event that sysdig 0.29.3 must print
  A CODE N ENDED HIDDEN COMPLETED INCOMPLETE OTHER    the account of each code
  T events hidden beginnings sections
"""
import argparse, collections, contextlib, importlib.util, io, re, sys

shared, path = sys.argv[1:3]
facts = shared + '/facts/'
spec = importlib.util.spec_from_file_location('scapdump', shared + '/tools/scapdump.py')
scapdump = importlib.util.module_from_spec(spec)
spec.loader.exec_module(scapdump)

OLD_MAX = 336           # codes from here on are unknown to sysdig 0.29.3
table = scapdump.load_table(facts + 'event-table.tsv')
beginning = set()
for line in open(facts + 'event-table.tsv'):
    f = line.rstrip('\n').split('\t')
    if f[0].isdigit() and f[2] == 'E' and 'EC_SYSCALL' in f[4]:
        beginning.add(int(f[0]))
code_of = {e['enum']: c for c, e in table.items()}
names = {}
for line in open(facts + 'syscall-map.tsv'):
    f = line.split('\t')
    if f[0][0] != '#':
        names.setdefault(int(f[1]), f[0])

# (code, parameters) -> (needs the beginning, next code, next parameters)
steps = {}
for line in open(facts + 'conversion-table.tsv'):
    f = line.rstrip('\n').split('\t')
    if f[0].isdigit() and f[3] in ('ADD_PARAMS', 'CHANGE_TYPE'):
        to = code_of[f[4]] if f[3] == 'CHANGE_TYPE' else int(f[0])
        steps[int(f[0]), int(f[2])] = ('enter[' in f[6], to, int(f[5]))

def chain(code, n):
    """Does the event need its beginning, and what is it in the end?  What only the beginning of a
    later version of the call has is not to be had."""
    needs, own = False, code
    for _ in range(50):
        step = steps.get((code, n))
        if not step:
            break
        needs |= step[0] and code == own
        code, n = step[1:]
    return needs, code

events = []
parse = scapdump.parse_event
def record(*args):
    events.append(parse(*args))
    return events[-1]
scapdump.parse_event = record

options = argparse.Namespace(b=False, m=False, e=True, c=False, j=False, n=0)
printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    sums = scapdump.dump(path, options, table)
lines = [re.match(r'\d+ (\d+)\.(\d+) cpu(\d+) tid=(\d+) (\S+)( \[STATE\])?', l)
         for l in printed.getvalue().splitlines()]
lines = [m for m in lines if m]
assert len(lines) == len(events), 'lines and events differ'

account = collections.defaultdict(lambda: [0] * 6)
waiting, leading, n_begun = {}, True, 0
INITIAL = {code_of['PPME_' + n] for n in ('CONTAINER_E', 'CONTAINER_JSON_E', 'CONTAINER_JSON_2_E',
           'USER_ADDED_E', 'USER_DELETED_E', 'GROUP_ADDED_E', 'GROUP_DELETED_E')}
for m, ev in zip(lines, events):
    code, n, tid, ts = ev['type'], ev['nparams'], ev['tid'], ev['ts']
    cpu, hidden = int(m[3]), bool(m[6])
    signed = tid - (1 << 64) if tid >> 63 else tid
    a = account[code]
    leading &= code in INITIAL
    a[0] += 1
    name = table[code]['name'] if code in table else 'scap_%d' % code
    generic = code in (0, 1) and n and len(ev['params'][0]) == 2
    called = names.get(int.from_bytes(ev['params'][0], 'little'), '?') if generic else name
    if code < OLD_MAX and not leading and not hidden:
        print('S', ts, cpu, signed, '>' if code % 2 == 0 else '<', called)
    if code in beginning:
        n_begun += 1
        waiting[tid] = (code, n)
        continue
    a[2] += hidden
    needs, final = chain(code, n) if code in table else (False, code)
    if code % 2 and code in table:
        begun = waiting.pop(tid, None)
        if begun and begun[0] == code - 1:
            account[code - 1][1] += 1
            a[3] += needs and begun[1] > 0
        elif needs:
            a[5 if begun else 4] += 1
    if not hidden:
        print('E', ts, cpu, signed, called if generic or code not in table else table[final]['name'])
for code in sorted(account):
    if code in table:
        n, ended, hidden, completed, incomplete, other = account[code]
        print('A', code, n, ended, hidden, completed, incomplete, other)
print('T', len(events), sum(a[2] for a in account.values()), n_begun, sums['sections'])
