/**
 * Asks one question at a time; what comes meanwhile is asked together, in one question, once the answer is there. So whoever
 * comes alone does not wait, and where many come at the same moment each of them costs less.
 *
 * @param askAll Answers in the order of what is asked. Where it fails, whoever asked in that question is told.
 */
export function inTurn<Asked, Answer>(
  askAll: (asked: readonly Asked[]) => Promise<readonly Answer[]>,
): (asked: Asked) => Promise<Answer> {
  let waiting: Waiting<Asked, Answer>[] = []
  let isAsking = false
  const askWaiting = async () => {
    isAsking = true
    while (waiting.length > 0) {
      const asking = waiting
      waiting = []
      await answerAll(asking, askAll)
    }
    isAsking = false
  }
  return (asked) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    waiting.push({ asked, resolve, reject })
    if (!isAsking) void askWaiting()
    return promise
  }
}

interface Waiting<Asked, Answer> {
  readonly asked: Asked
  resolve(answer: Answer): void
  reject(error: unknown): void
}

/** Never rejects. */
async function answerAll<Asked, Answer>(
  asking: readonly Waiting<Asked, Answer>[],
  askAll: (asked: readonly Asked[]) => Promise<readonly Answer[]>,
): Promise<void> {
  try {
    const answers = await askAll(asking.map(({ asked }) => asked))
    for (const [index, { resolve }] of asking.entries()) resolve(answers[index] as Answer)
  } catch (error) {
    for (const { reject } of asking) reject(error)
  }
}
