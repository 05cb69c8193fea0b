// A contract on npm's fabric-contract-api, for what that library answers by itself.
'use strict';
const { Contract } = require('fabric-contract-api');

class Errors extends Contract {
  constructor() { super('ErrorsContract'); }

  async exists(ctx, key) {
    const value = await ctx.stub.getState(key);
    return value.length > 0;
  }

  async nondet(ctx) { await ctx.stub.putState('nondet', Buffer.from(String(Math.random()))); }
}

module.exports.contracts = [Errors];
