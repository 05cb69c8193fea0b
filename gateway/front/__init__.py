"""
The gateway's front: an event loop that reads requests and writes answers, with threads behind it for the work.

A connection costs the loop some memory and no thread, however slowly its client sends or reads. A thread sees a
request once all of it is there, and is done with it once the answer is made.

::

    server ── processes, under gunicorn
      connections ── sockets: how many, how long idle, what cannot be read
        service ── one request: its body, its lane, its answer
          lanes ── threads, and whose turn it is
          bridge ── the WSGI application
"""
