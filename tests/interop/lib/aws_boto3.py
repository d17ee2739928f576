"""SendDiagnosticInterrupt by boto3: one line of JSON says how it ended.

usage: aws_boto3.py ENDPOINT INSTANCE KEY [DryRun]
"""
import json
import os
import sys

import boto3
import botocore.config
import botocore.exceptions

endpoint, instance, key = sys.argv[1:4]
client = boto3.client(
    "ec2", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key,
    aws_secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
    config=botocore.config.Config(read_timeout=int(os.environ["READ_TIMEOUT"])))
try:
    client.send_diagnostic_interrupt(InstanceId=instance, DryRun="DryRun" in sys.argv)
    print(json.dumps({"code": "Success", "status": 200}))
except botocore.exceptions.ClientError as e:
    print(json.dumps({"code": e.response["Error"]["Code"],
                      "status": e.response["ResponseMetadata"]["HTTPStatusCode"]}))
except (botocore.exceptions.BotoCoreError, botocore.exceptions.HTTPClientError) as e:
    print(json.dumps({"code": type(e).__name__, "status": 0}))
