import t from 'tap'
import { rootNode } from '../src/json/log-node.ts'
import { findTimestamp } from '../src/timestamps.ts'
import { newWarningLog } from '../src/warnings.ts'

function read(text: string): [value: string | undefined, warning: string | undefined] {
  const warnings = newWarningLog()
  const found = findTimestamp(rootNode(text), warnings)
  return [found?.value, warnings.list()[0]?.code]
}

t.test('a point in time with its offset is kept as it stands', async (t) => {
  t.same(read('2025-09-15T15:02:26-04:00'), ['2025-09-15T15:02:26-04:00', undefined])
  t.same(read('2025-09-15T15:02:26.123456Z'), ['2025-09-15T15:02:26.123456Z', undefined])
})

t.test('without an offset only the day is kept, because the hour belongs to no zone', async (t) => {
  t.same(read('2025-09-15T23:02:26'), ['2025-09-15', 'timestamp-naive'])
  t.same(read('2025-09-15 23:02'), ['2025-09-15', 'timestamp-naive'])
  t.same(read('2025-09-15'), ['2025-09-15', undefined])
})

t.test('seconds since 1970 are written as UTC', async (t) => {
  t.same(read('1751553870.0'), ['2025-07-03T14:44:30Z', undefined])
})

t.test('what is no point in time is refused', async (t) => {
  for (const text of ['yesterday', '2025-02-31', '2025-09-15T25:00:00Z', '15/09/2025', '-5'])
    t.same(read(text), [undefined, 'timestamp-refused'], text)
  t.same(read(''), [undefined, undefined], 'an empty text is none')
})
