"""
The gateway's front: an event loop that reads requests and writes answers, with threads behind it for the work.

A connection costs the loop some memory and no thread, however slowly its client sends or reads. A thread gets a
request when it is complete, and is free again as soon as it has made the answer.

::

    server ── processes, under gunicorn
      connections ── sockets: their number, idle time, errors of HTTP
        service ── one request: its body, its lane, its answer
          lanes ── threads, and the queues for them
          bridge ── the WSGI application
"""
