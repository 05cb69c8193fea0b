// The same closed loop through the official Node client (@hyperledger/fabric-gateway).
'use strict';
const connected = require('./connected');

const WARM_UP = 1000;
const [profilePath, userFolder, mspId, mode, callersText, secondsText] = process.argv.slice(2);
const { client, gateway } = connected(profilePath, userFolder, mspId);
const network = gateway.getNetwork('bench');
const one = network.getContract('one');
const majority = network.getContract('majority');
const value = 'v'.repeat(64);
const calls = {
  evaluate: () => one.evaluateTransaction('get', 'warm'),
  submit: (number) => one.submitTransaction('put', `key-${number}`, value),
  submit2: (number) => majority.submitTransaction('put', `key-${number}`, value),
  private: (number) => one.submit('putpvt', {
    arguments: [`_implicit_org_${mspId}`],
    transientData: { key: `key-${number}`, value },
  }),
};

async function main() {
  const callers = Number(callersText);
  const begin = performance.now() + WARM_UP;
  const end = begin + Number(secondsText) * 1000;
  const times = [];
  let failed = 0;
  let uncounted = 0;
  let before;
  let used;
  setTimeout(() => { before = process.cpuUsage(); }, WARM_UP);
  setTimeout(() => { used = process.cpuUsage(before); }, end - performance.now());
  const loop = async (index) => {
    for (let number = index; ; number += callers) {
      const started = performance.now();
      if (started >= end) return;
      try {
        await calls[mode](number);
        const ended = performance.now();
        if (begin <= ended && ended <= end) times.push(ended - started);
        else uncounted += 1;
      } catch (error) {
        failed += 1;
        console.error(String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, index) => loop(index)));
  used ??= process.cpuUsage(before);
  console.log(JSON.stringify({
    times: times.map((each) => Math.round(each * 1000) / 1000),
    seconds: Number(secondsText), uncounted, failed, processor: (used.user + used.system) / 1e6,
  }));
  gateway.close();
  client.close();
}

main();
