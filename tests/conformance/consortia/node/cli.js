// The program that fabric-shim's package installs as `fabric-chaincode-node`, found through NODE_PATH.
'use strict';
require('fabric-shim/cli.js');
