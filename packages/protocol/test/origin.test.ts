import t from 'tap'
import { isOriginOf, originOf, parseEntityId } from '../src/index.ts'
import { verdictOf } from './support/refusal.ts'

t.test('an entity id', async (t) => {
  t.test('is an https URL in its normal form', async (t) => {
    for (const id of [
      'https://a.example',
      'https://node.institute.example:8443',
      'https://a.example/institutes/north',
      'https://xn--e1afmkfd.example',
      `https://${'a'.repeat(63)}.example`,
    ]) {
      t.equal(parseEntityId(id), id)
    }
  })

  t.test('has no other spelling', async (t) => {
    for (const id of [
      '',
      'a.example',
      'http://a.example',
      'HTTPS://a.example',
      'https://A.example',
      'https://a.example/',
      'https://a.example/x/',
      'https://a.example//x',
      'https://a.example/x/../y',
      'https://a.example/./x',
      'https://a.example/%78',
      'https://a.example:443',
      'https://a.example:0443',
      'https://a.example:99999',
      'https://a.example:',
      'https://a.example.',
      'https://user@a.example',
      'https://user:word@a.example',
      'https://a.example?x',
      'https://a.example#x',
      'https://a.example\\x',
      'https://пример.example',
      'https://127.1',
      'https://0x7f.0.0.1',
      'https://[::1]',
      ' https://a.example',
      'https://a.example\n',
      'https://',
      `https://${'a.'.repeat(100)}example`,
    ]) {
      t.equal(
        verdictOf(() => parseEntityId(id)),
        'ISSUER',
        JSON.stringify(id),
      )
    }
  })
})

t.test('an origin', async (t) => {
  t.test('is the entity id without its scheme, then the generation of the log', async (t) => {
    t.equal(originOf('https://a.example'), 'a.example/log/1')
    t.equal(originOf('https://a.example:8443/north', 2), 'a.example:8443/north/log/2')
  })

  t.test('belongs to one institute', async (t) => {
    t.ok(isOriginOf('https://a.example', 'a.example/log/1'))
    t.ok(isOriginOf('https://a.example', 'a.example/log/27'))
    for (const origin of [
      'b.example/log/1',
      'a.example/log/0',
      'a.example/log/01',
      'a.example/log/',
      'a.example/log/1/x',
      'a.example/north/log/1',
      'xa.example/log/1',
      'https://a.example/log/1',
    ]) {
      t.notOk(isOriginOf('https://a.example', origin), origin)
    }
  })
})
