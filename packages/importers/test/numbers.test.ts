import t from 'tap'
import { addExactly, parseNumber } from '../src/numbers.ts'

t.test('a number token is the nearest double', async (t) => {
  for (const token of [
    '0.30000000000000004',
    '5e-324',
    '1e21',
    '1e-7',
    '0.1000000000000000055511151231257827',
    '9007199254740991',
  ]) {
    t.equal(parseNumber(token), Number(token), token)
  }
  t.equal(Object.is(parseNumber('-0.0'), 0), true, 'without a sign on zero')
})

t.test('what is not finite or cannot be carried exactly is told apart', async (t) => {
  for (const token of ['NaN', 'Infinity', '-Infinity', '1e400']) t.equal(parseNumber(token), 'not-finite', token)
  for (const token of ['9007199254740993', '1e20', `0.${'1'.repeat(70)}`]) t.equal(parseNumber(token), 'inexact', token)
})

t.test('decimals are added without rounding', async (t) => {
  t.equal(addExactly('0.9125', '0.0277'), 0.9402)
  t.equal(addExactly('0.9125', '-0.0277'), 0.8848)
  t.equal(addExactly('0.1', '0.2'), 0.3)
  t.equal(addExactly('1', '-0.05'), 0.95)
})
