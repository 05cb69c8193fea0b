// What an integrator would write instead of a gateway: Express on the official Node client, in one or more processes.
'use strict';
const cluster = require('node:cluster');
const crypto = require('node:crypto');
const fs = require('node:fs');
const express = require('express');
const connected = require('../callers/connected');

const [profilePath, userFolder, mspId, processes, readyFile] = process.argv.slice(2);
const expected = Buffer.from(`Bearer ${process.env.SELAT_TOKEN}`);

function serve() {
  const { gateway } = connected(profilePath, userFolder, mspId);
  const one = gateway.getNetwork('bench').getContract('one');
  const app = express();
  app.use((request, response, next) => {
    const given = Buffer.from(request.headers.authorization ?? '');
    if (given.length === expected.length && crypto.timingSafeEqual(given, expected)) next();
    else response.status(401).json({ code: 'TOKEN_INVALID' });
  });
  app.use(express.json());
  const answer = (call) => async (request, response) => {
    try {
      const result = await call(request.body.function, ...request.body.arguments);
      response.json({ result: Buffer.from(result).toString() });
    } catch (error) {
      response.status(502).json({ code: 'FABRIC_REFUSED', detail: String(error) });
    }
  };
  const address = '/v1/channels/bench/chaincodes/one';
  app.post(`${address}/evaluate`, answer((...words) => one.evaluateTransaction(...words)));
  app.post(`${address}/submit`, answer((...words) => one.submitTransaction(...words)));
  const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address().port) ?? ready(server.address().port));
}

function ready(port) {
  fs.writeFileSync(`${readyFile}.new`, JSON.stringify({ address: `127.0.0.1:${port}` }));
  fs.renameSync(`${readyFile}.new`, readyFile);
}

if (Number(processes) > 1 && cluster.isPrimary) {
  let listening = 0;
  cluster.on('message', (_, port) => {
    listening += 1;
    if (listening === Number(processes)) ready(port);
  });
  for (let number = 0; number < Number(processes); number += 1) cluster.fork();
  process.on('SIGTERM', () => process.exit(0));
} else {
  serve();
}
