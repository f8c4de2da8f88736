'use strict';

// node --test deploy, in the repository's root, after make build-lambda: packages as for a deployment, and
// looks at the CloudFormation template.

const { after, test } = require('node:test');
const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'package-'));
after(() => fs.rmSync(folder, { recursive: true }));

// packaged is the template with the parameters, NAME=VALUE each.
function packaged(...params) {
  const args = ['node_modules/.bin/serverless', 'package', '--stage', 'dev', '--package', folder];
  for (const param of params) args.push('--param', param);
  execFileSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  const text = fs.readFileSync(path.join(folder, 'cloudformation-template-update-stack.json'), 'utf8');
  return JSON.parse(text).Resources;
}

const ofType = (resources, type) => Object.values(resources).filter((each) => each.Type === type);

test('as it is', () => {
  const resources = packaged();
  const { Properties: lambda } = resources.VideosLambdaFunction;
  // The plugin for serverless offline changes nothing here: what is deployed is the bootstrap.
  assert.equal(lambda.Handler, 'bootstrap');
  assert.equal(lambda.Runtime, 'provided.al2');
  assert.deepEqual(lambda.Architectures, ['arm64']);
  assert.equal(lambda.ReservedConcurrentExecutions, 100);
  assert.equal(lambda.Layers, undefined);
  assert.equal(lambda.VpcConfig, undefined);
  for (const [name, off] of [['TLS', 'off'], ['TLS_CA', ''], ['SASL', 'none'], ['USER', ''], ['PASSWORD', '']]) {
    assert.equal(lambda.Environment.Variables[`COUNTER_KAFKA_${name}`], off);
  }
  assert.deepEqual(ofType(resources, 'AWS::IAM::RolePolicy'), []);
  const [stage] = ofType(resources, 'AWS::ApiGateway::Deployment');
  assert.equal(stage.Properties.StageName, 'dev');
  assert.deepEqual(stage.Properties.StageDescription.MethodSettings, [
    { ResourcePath: '/*', HttpMethod: '*', ThrottlingRateLimit: 4000, ThrottlingBurstLimit: 100 },
  ]);
});

test('in front of Amazon MSK', () => {
  const resources = packaged(
    'runtime=provided.al2023',
    'burst=50',
    'kafkaTls=on',
    'kafkaTlsCaLayer=arn:aws:lambda:eu-central-1:123456789012:layer:ca:1',
    'kafkaSasl=aws-msk-iam',
    'mskCluster=arn:aws:kafka:eu-central-1:123456789012:cluster/likes/abc-1',
    'subnets=subnet-1, subnet-2',
    'securityGroups=sg-1',
  );
  const { Properties: lambda } = resources.VideosLambdaFunction;
  assert.equal(lambda.Runtime, 'provided.al2023');
  assert.equal(lambda.Environment.Variables.COUNTER_KAFKA_SASL, 'aws-msk-iam');
  assert.deepEqual(lambda.Layers, ['arn:aws:lambda:eu-central-1:123456789012:layer:ca:1']);
  assert.deepEqual(lambda.VpcConfig, { SubnetIds: ['subnet-1', 'subnet-2'], SecurityGroupIds: ['sg-1'] });
  assert.ok(resources.MayEnterVpc);
  const topic = 'arn:aws:kafka:eu-central-1:123456789012:topic/likes/abc-1/video_clicks_ingestion';
  const granted = resources.MayWriteLikes.Properties.PolicyDocument.Statement;
  assert.deepEqual(
    granted.find(({ Action }) => Action.includes('kafka-cluster:WriteData')).Resource,
    topic,
  );
  const [stage] = ofType(resources, 'AWS::ApiGateway::Deployment');
  assert.equal(stage.Properties.StageDescription.MethodSettings[0].ThrottlingBurstLimit, 50);
});

test('a role in no cluster', () => {
  assert.throws(
    () => packaged('kafkaSasl=aws-msk-iam'),
    ({ stdout, stderr }) => /mskCluster is ""/.test(stdout + stderr),
  );
});
