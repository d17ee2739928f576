// Decides the requests of iam_answers.c with @cloud-copilot/iam-simulate. Runs from the folder
// that it was fetched into.
import { createInterface } from 'node:readline'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const words = { Allowed: 'allow', ExplicitlyDenied: 'deny', ImplicitlyDenied: 'none' }

async function answer(line) {
  const result = await runSimulation(
    {
      request: {
        principal: line.principal,
        action: line.action,
        resource: { resource: line.resource, accountId: '123456789012' },
        contextVariables: line.context
      },
      identityPolicies: line.identity.map((policy, i) => ({ name: `p${i}`, policy })),
      permissionBoundaryPolicies: line.boundary && [{ name: 'boundary', policy: line.boundary }],
      sessionPolicy: line.session,
      serviceControlPolicies: [],
      resourceControlPolicies: []
    },
    {}
  )
  if (result.resultType === 'error') return `refused: ${JSON.stringify(result.errors)}`
  const ignored = result.result?.ignoredContextKeys ?? []
  return words[result.overallResult] + (ignored.length ? ` ignored: ${ignored.join(' ')}` : '')
}

for await (const line of createInterface({ input: process.stdin })) {
  let said
  try {
    said = await answer(JSON.parse(line))
  } catch (error) {
    said = `failed: ${error.message}`
  }
  process.stdout.write(said.replaceAll('\n', ' ') + '\n')
}
