'use strict';

// What serverless.yml adds to the CloudFormation template: the throttling of the API's stage, for which
// the framework has no setting, and what is there by parameter only: a layer, a VPC, a role in Amazon MSK.
// deploy/resources.test.js looks at what comes of it.

const role = { Ref: 'IamRoleLambdaExecution' };

module.exports = async ({ resolveVariable }) => {
  const param = (name) => resolveVariable(`param:${name}`);
  const rate = Number(await param('requestsPerSecond'));
  const burst = Number(await param('burst'));
  const layer = await param('kafkaTlsCaLayer');
  const subnets = list(await param('subnets'));

  const properties = {};
  const Resources = {};
  if (layer) properties.Layers = [layer];
  if (subnets.length > 0) {
    properties.VpcConfig = { SubnetIds: subnets, SecurityGroupIds: list(await param('securityGroups')) };
    Resources.MayEnterVpc = policy('enter-vpc', [
      allow('*', 'ec2', 'CreateNetworkInterface', 'DescribeNetworkInterfaces', 'DescribeSubnets', 'DeleteNetworkInterface'),
    ]);
  }
  if ((await param('kafkaSasl')) === 'aws-msk-iam') {
    Resources.MayWriteLikes = mayWrite(
      await param('mskCluster'),
      await resolveVariable('self:provider.environment.VIDEO_EVENTS_INGESTION_TOPIC_NAME'),
    );
  }
  return {
    Resources,
    extensions: {
      VideosLambdaFunction: { Properties: properties },
      // The stage is a part of a resource whose name is another at each run.
      [`ApiGatewayDeployment${await resolveVariable('sls:instanceId')}`]: {
        Properties: { StageDescription: { MethodSettings: [throttle(rate, burst)] } },
      },
    },
  };
};

const throttle = (rate, burst) => ({
  ResourcePath: '/*',
  HttpMethod: '*',
  ThrottlingRateLimit: rate,
  ThrottlingBurstLimit: burst,
});

// mayWrite is all that a producer of likes does: connect, look at the topic, and write to it, each like
// once. A cluster …:cluster/NAME/ID has its topics at …:topic/NAME/ID/TOPIC.
function mayWrite(cluster, topic) {
  const [account, name] = cluster.split(':cluster/');
  if (!name) throw new Error(`mskCluster is "${cluster}": expected the ARN of a cluster of Amazon MSK`);
  return policy('write-likes', [
    allow(cluster, 'kafka-cluster', 'Connect', 'DescribeCluster', 'WriteDataIdempotently'),
    allow(`${account}:topic/${name}/${topic}`, 'kafka-cluster', 'DescribeTopic', 'WriteData'),
  ]);
}

const policy = (name, statements) => ({
  Type: 'AWS::IAM::RolePolicy',
  Properties: { RoleName: role, PolicyName: name, PolicyDocument: { Version: '2012-10-17', Statement: statements } },
});

const allow = (resource, service, ...actions) => ({
  Effect: 'Allow',
  Action: actions.map((action) => `${service}:${action}`),
  Resource: resource,
});

const list = (text) => text.split(',').map((each) => each.trim()).filter(Boolean);
