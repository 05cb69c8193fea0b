// The chaincode on npm's fabric-shim.
'use strict';
const shim = require('fabric-shim');

class Values {
  async Init() { return shim.success(); }

  async Invoke(stub) {
    const { fcn, params } = stub.getFunctionAndParameters();
    if (fcn === 'get') return shim.success(Buffer.from(await stub.getState(params[0])));
    await stub.putState(params[0], Buffer.from(params[1]));
    return shim.success(Buffer.from(params[1]));
  }
}

const [ccid, address] = process.argv.slice(2);
shim.server(new Values(), { ccid, address }).start();
process.on('SIGTERM', () => process.exit(0));
