// SendDiagnosticInterrupt by the JavaScript SDK: one line of JSON says how it ended.
// usage: node aws_js.mjs SDK-FOLDER ENDPOINT INSTANCE KEY [DryRun]
import { createRequire } from "node:module";

const [folder, endpoint, instance, key, dryRun] = process.argv.slice(2);
const { EC2Client, SendDiagnosticInterruptCommand } = createRequire(folder + "/")(
  "@aws-sdk/client-ec2",
);
const client = new EC2Client({
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: key, secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY },
});
try {
  await client.send(
    new SendDiagnosticInterruptCommand({ InstanceId: instance, DryRun: dryRun === "DryRun" }),
  );
  console.log(JSON.stringify({ code: "Success", status: 200 }));
} catch (e) {
  console.log(JSON.stringify({ code: e.name, status: e.$metadata?.httpStatusCode ?? 0 }));
}
