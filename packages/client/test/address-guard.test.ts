import type { LookupAddress } from 'node:dns'
import fc from 'fast-check'
import t from 'tap'
import { type AddressRules, createAddressGuard, parsePeerUrl } from '../src/index.ts'

/** The address a socket would connect, or the code of the refusal. */
function connectTo(addresses: readonly string[], rules: AddressRules = {}): Promise<string> {
  const found: LookupAddress[] = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  const guard = createAddressGuard({ ...rules, resolve: async () => found })
  return new Promise((resolve) => {
    guard.lookup('name.example', { all: true }, (error, answer) => {
      resolve(
        error
          ? ((error as NodeJS.ErrnoException).code ?? 'none')
          : (answer as LookupAddress[]).map((a) => a.address).join(),
      )
    })
  })
}

function literal(url: string, rules: AddressRules = {}): string {
  try {
    createAddressGuard(rules).checkLiteral(new URL(url).hostname)
    return 'open'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'none'
  }
}

const closed = [
  '0.0.0.0', '10.0.0.1', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.255.255.254', '168.63.129.16',
  '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.192', '192.0.2.1', '192.88.99.1', '192.168.1.1',
  '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255',
  '::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:0:127.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::1',
  '100::1', '2001::1', '2001:db8::1', '2002:7f00:1::1', '3fff::1', '5f00::1', 'fc00::1', 'fd00:ec2::254', 'fe80::1',
  'fe80::1%eth0', 'fec0::1', 'ff02::1',
] // biome-ignore format: a table

const open = [
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.1',
  '100.63.255.255',
  '100.128.0.1',
  '172.15.255.255',
  '172.32.0.1',
  '192.167.1.1',
  '223.255.255.255',
  '2606:4700::1111',
  '2a00:1450:4001::1',
  '2001:4860:4860::8888',
]

t.test('a name', async (t) => {
  for (const address of closed) {
    t.equal(await connectTo([address]), 'ADDRESS_REFUSED', `is refused when it stands for ${address}`)
  }
  for (const address of open) t.equal(await connectTo([address]), address, `is connected at ${address}`)
  t.equal(await connectTo(['8.8.8.8', '127.0.0.1']), 'ADDRESS_REFUSED', 'is refused when one of its addresses is')
  t.equal(await connectTo([]), 'UNREACHABLE', 'without an address is not reachable')
})

t.test('a literal address is checked although nothing looks it up', async (t) => {
  const spellings = [
    '127.0.0.1',
    '0177.0.0.1',
    '0x7f.0.0.1',
    '2130706433',
    '127.1',
    '127.0.0.1.',
    '[::1]',
    '[::ffff:7f00:1]',
    '[0:0:0:0:0:0:0:1]',
    '169.254.169.254',
    '0xa9fea9fe',
    '[fe80::1]',
  ]
  for (const host of spellings) t.equal(literal(`https://${host}`), 'ADDRESS_REFUSED', host)
  for (const host of ['8.8.8.8', '[2606:4700::1111]']) t.equal(literal(`https://${host}`), 'open', host)
})

t.test('allowCidrs opens the networks it names and no other', async (t) => {
  const rules = { allowCidrs: ['10.20.0.0/16', 'fd12:3456::/32'] }
  t.equal(await connectTo(['10.20.3.4'], rules), '10.20.3.4')
  t.equal(await connectTo(['fd12:3456::9'], rules), 'fd12:3456::9')
  t.equal(await connectTo(['10.21.0.1'], rules), 'ADDRESS_REFUSED')
  t.equal(await connectTo(['fd12:3457::9'], rules), 'ADDRESS_REFUSED')
  t.equal(literal('https://10.20.0.1', rules), 'open')
  for (const cidr of ['10.0.0.0', '10.0.0.0/33', 'name/8', '10.0.0/8', '::/129', '10.0.0.0/08']) {
    t.throws(() => createAddressGuard({ allowCidrs: [cidr] }), { code: 'URL_REFUSED' }, cidr)
  }
})

t.test('every private address is refused, however IPv6 spells it', async (_t) => {
  const octets = fc.tuple(
    fc.constantFrom([10, 0], [127, 0], [169, 254], [192, 168], [172, 16]),
    fc.nat(255),
    fc.nat(255),
  )
  await fc.assert(
    fc.asyncProperty(octets, fc.constantFrom('::ffff:', '::', '64:ff9b::', '2002:'), async ([[a, b], c, d], prefix) => {
      const hex = [a, b, c, d].map((n) => Number(n).toString(16).padStart(2, '0'))
      const groups = `${hex[0]}${hex[1]}:${hex[2]}${hex[3]}`
      const six = prefix === '2002:' ? `2002:${groups}::1` : prefix + groups
      return (
        (await connectTo([`${a}.${b}.${c}.${d}`])) === 'ADDRESS_REFUSED' &&
        (await connectTo([six])) === 'ADDRESS_REFUSED'
      )
    }),
    { numRuns: 300, seed: 7 },
  )
})

t.test('the URL of a peer', async (t) => {
  const refused = [
    'http://node.example',
    'http://127.0.0.1:1',
    'ftp://node.example',
    'https://a:b@node.example',
    'https://node.example/?a=1',
    'https://node.example/#a',
    'node.example',
    'file:///etc/passwd',
  ]
  for (const url of refused) t.throws(() => parsePeerUrl(url), { code: 'URL_REFUSED' }, `is not ${url}`)
  t.equal(parsePeerUrl('https://node.example/base').href, 'https://node.example/base')
  for (const url of ['http://127.0.0.1:8101', 'http://[::1]:8101'])
    t.ok(parsePeerUrl(url, true), `may be ${url} with insecureLoopback`)
  for (const url of ['http://localhost:8101', 'http://10.0.0.1', 'http://node.example', 'http://[::ffff:127.0.0.1]']) {
    t.throws(() => parsePeerUrl(url, true), { code: 'URL_REFUSED' }, `is not ${url} even with insecureLoopback`)
  }
})
