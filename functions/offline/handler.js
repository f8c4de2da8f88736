'use strict';

// What serverless-offline calls in place of the bootstrap. It keeps one worker, and so one of these,
// for each call that runs at the same time, as Lambda keeps one sandbox.

const { Sandbox } = require('./sandbox');

const { OFFLINE_BOOTSTRAP, ...environment } = process.env;
const sandbox = new Sandbox(OFFLINE_BOOTSTRAP, environment);
process.on('exit', () => sandbox.end());

exports.handle = (event, context) =>
  sandbox.invoke(event, {
    id: context.awsRequestId,
    arn: context.invokedFunctionArn,
    milliseconds: context.getRemainingTimeInMillis(),
  });
