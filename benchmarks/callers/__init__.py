"""
Closed loops of callers, one program each: hlf, bare gRPC stubs, the official Node client.

Every program takes ``PROFILE USER_FOLDER MSP_ID MODE CALLERS SECONDS`` and
prints one JSON line: how many calls, in how many seconds, the time of each in
milliseconds at p50 and p95, failures, and its own processor seconds.
"""
