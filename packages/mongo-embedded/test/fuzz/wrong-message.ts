/** Makes wrong messages from sound ones: every mutation is drawn from the seed alone. */
import type { SeededRandom } from '../seeded-random.ts';

type Mutation = (bytes: Buffer, random: SeededRandom) => Buffer;

/** Lengths that arithmetic and allocation stumble over. */
const LENGTHS = [
  0, 1, 4, 5, 15, 16, 17, 20, 21, 255, 256, 65_535, 16_777_216, 16_793_600, 48_000_000, 48_000_001, 2_147_483_647, -1,
  -5, -2_147_483_648,
];
const BSON_TYPES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 0x7f, 0xff, 0x14, 0x80, 0];
const OP_CODES = [1, 1000, 2001, 2002, 2004, 2005, 2006, 2007, 2010, 2011, 2012, 2013, 2014, -1, 0];
const HEADER_BYTES = 16;

const MUTATIONS: readonly Mutation[] = [
  function flipBits(bytes, random) {
    const copy = Buffer.from(bytes);
    for (let count = 1 + random.below(6); count > 0; count -= 1) {
      const at = random.below(copy.length);
      copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
    }
    return copy;
  },
  function flipBitsOfBody(bytes, random) {
    const copy = Buffer.from(bytes);
    for (let count = 1 + random.below(4); count > 0; count -= 1) {
      const at = Math.min(copy.length - 1, 20 + random.below(Math.max(1, copy.length - 20)));
      copy[at] = random.below(256);
    }
    return copy;
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length));
  },
  function truncateHonestly(bytes, random) {
    return withLength(bytes.subarray(0, HEADER_BYTES + random.below(Math.max(1, bytes.length - HEADER_BYTES))));
  },
  function lieAboutLength(bytes, random) {
    const copy = Buffer.from(bytes);
    copy.writeInt32LE(random.pick(LENGTHS), 0);
    return copy;
  },
  function lieInside(bytes, random) {
    const copy = Buffer.from(bytes);
    const at = 20 + random.below(Math.max(1, copy.length - 24));
    if (at + 4 <= copy.length) copy.writeInt32LE(random.pick(LENGTHS), at);
    return copy;
  },
  function changeTypes(bytes, random) {
    const copy = Buffer.from(bytes);
    for (let at = 25; at < copy.length - 1; at += 1) {
      const isLikelyType = copy[at - 1] === 0 && BSON_TYPES.includes(copy[at] ?? 0);
      if (isLikelyType && random.chance(8)) copy[at] = random.pick(BSON_TYPES);
    }
    return copy;
  },
  function insertBytes(bytes, random) {
    const at = random.below(bytes.length);
    return withLength(Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(40)), bytes.subarray(at)]));
  },
  function removeBytes(bytes, random) {
    const at = HEADER_BYTES + random.below(Math.max(1, bytes.length - HEADER_BYTES));
    return withLength(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(8))]));
  },
  function changeOpCode(bytes, random) {
    const copy = Buffer.from(bytes);
    copy.writeInt32LE(random.pick(OP_CODES), 12);
    return copy;
  },
  function changeFlags(bytes, random) {
    const copy = Buffer.from(bytes);
    copy.writeUInt32LE(random.below(2) === 0 ? 1 << random.below(31) : random.below(2 ** 31), 16);
    return copy;
  },
  function changeSectionKind(bytes, random) {
    const copy = Buffer.from(bytes);
    copy[20] = random.pick([1, 1, 1, 2, 255]);
    return copy;
  },
  function appendSection(bytes, random) {
    const length = random.pick([0, 3, 4, 5, 9, 30, 2_000_000_000]);
    const head = Buffer.alloc(5);
    head.writeUInt8(random.pick([0, 1, 1]), 0);
    head.writeInt32LE(length, 1);
    return withLength(Buffer.concat([bytes, head, Buffer.from('documents\0'), random.bytes(random.below(40))]));
  },
  function nestDeeply(_, random) {
    return deepMessage(50 + random.below(3_000), random);
  },
  function noise(_, random) {
    return random.bytes(1 + random.below(300));
  },
  function noiseInFrame(_, random) {
    const head = Buffer.alloc(HEADER_BYTES);
    head.writeInt32LE(2013, 12);
    return withLength(Buffer.concat([head, random.bytes(random.below(300))]));
  },
];

/** One wrong message: a sound one through one to three mutations. */
export function wrongMessage(sound: readonly Buffer[], random: SeededRandom): Buffer {
  let bytes = random.pick(sound);
  for (let count = 1 + random.below(3); count > 0 && bytes.length > 24; count -= 1) {
    bytes = random.pick(MUTATIONS)(bytes, random);
  }
  return bytes;
}

function withLength(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length >= 4) copy.writeInt32LE(copy.length, 0);
  return copy;
}

/** `{ find: 'x', filter: { a: { a: { … } } } }`, nested so deep that recursion without a limit would overflow. */
function deepMessage(depth: number, random: SeededRandom): Buffer {
  const isArray = random.chance(2);
  const name = Buffer.from(isArray ? '\x040\0' : '\x03a\0', 'latin1');
  const total = 5 + depth * (4 + name.length + 1);
  const inner = Buffer.alloc(total);
  let at = 0;
  let length = total;
  for (let level = 0; level < depth; level += 1) {
    inner.writeInt32LE(length, at);
    name.copy(inner, at + 4);
    at += 4 + name.length;
    length -= 4 + name.length + 1;
  }
  inner.writeInt32LE(5, at);
  const command = random.pick(['\x02find\0\x02\0\0\0x\0\x03filter\0', '\x02insert\0\x02\0\0\0x\0\x04documents\0']);
  const database = Buffer.from('\x02$db\0\x05\0\0\0fuzz\0', 'latin1');
  const elements = Buffer.concat([Buffer.from(command, 'latin1'), inner, database]);
  const head = Buffer.alloc(25);
  head.writeInt32LE(2013, 12);
  head.writeInt32LE(elements.length + 5, 21);
  return withLength(Buffer.concat([head, elements, Buffer.from([0])]));
}
