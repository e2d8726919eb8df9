import { describe, expect, test } from '@jest/globals';
import { beginning } from '../../../lib/batch/record.js';
import { memoryInput, readAll, shown } from './memory-input.js';

async function rows(content: Uint8Array | string, task = 'tensor@1'): Promise<unknown[]> {
  const { records, error } = await readAll(memoryInput('a.csv', content), [], beginning, task);
  expect(error).toBeUndefined();
  return records.map(shown);
}

describe('a row of CSV', () => {
  test('is numbers in the order of the columns, with the id carried over', async () => {
    const expected = [
      { index: 0, id: 'a', instance: [1, -2.5] },
      { index: 1, id: 'b', instance: [3000, 0.5] },
    ];
    expect(await rows('x,id,y\n1,a,-2.5\n3e3,b, .5\n')).toEqual(expected);
    expect(await rows('\uFEFFx;id;y\r\n1;a;-2.5\r\n\r\n3e3;b;.5')).toEqual(expected);
    expect(await rows('"x"\tid\t"y"\n"1"\ta\t-2.5\n3e3\t"b"\t.5')).toEqual(expected);
  });

  test('is the fields of a task that has its own', async () => {
    expect(await rows('area,id,city,code\n80,a,"Bern, CH",007\n.5,b,,-1\n', 'radar@1')).toEqual([
      { index: 0, id: 'a', instance: { area: 80, city: 'Bern, CH', code: '007' } },
      { index: 1, id: 'b', instance: { area: 0.5, city: '', code: -1 } },
    ]);
    expect(await rows('id,text\n1,"so ""good"",\r\nreally"\n2,5\n3,\n', 'text-classification@1')).toEqual([
      { index: 0, id: '1', instance: { text: 'so "good",\r\nreally' } },
      { index: 1, id: '2', instance: { text: '5' } },
      { index: 2, id: '3', instance: { text: '' } },
    ]);
    expect(await rows('b64,id\naGk=,1\n?,2\n', 'image-classification@1')).toEqual([
      { index: 0, id: '1', instance: 'hi' },
      { index: 1, id: '2', code: 'INVALID_INPUT' },
    ]);
  });

  test('that is broken is an error row, and only it', async () => {
    const lines = [
      'x,y,id',
      '1,2,a',
      '1,2',
      '1,two,c',
      '1,,d',
      '1,2,e,f',
      '1,"2,g',
      '"1"x,2,h',
      '1,2"3,i',
      '0x1,2,j',
      '1,2,z',
    ];
    expect(await rows(lines.join('\n'))).toEqual([
      { index: 0, id: 'a', instance: [1, 2] },
      { index: 1, code: 'INVALID_INPUT' },
      { index: 2, id: 'c', code: 'INVALID_INPUT' },
      { index: 3, id: 'd', code: 'INVALID_INPUT' },
      { index: 4, code: 'INVALID_INPUT' },
      { index: 5, code: 'INVALID_INPUT' },
      { index: 6, code: 'INVALID_INPUT' },
      { index: 7, id: 'i', code: 'INVALID_INPUT' },
      { index: 8, id: 'j', code: 'INVALID_INPUT' },
      { index: 9, id: 'z', instance: [1, 2] },
    ]);
    expect(await rows(Buffer.from('id,text\n1,caf\xe9\n2,tea\n', 'latin1'), 'radar@1')).toEqual([
      { index: 0, code: 'INVALID_INPUT' },
      { index: 1, id: '2', instance: { text: 'tea' } },
    ]);
  });

  test('over the limit is passed over, also where it is quoted over lines', async () => {
    const line = 'x'.repeat(99_999);
    const [first, ...others] = await rows(
      `text\n"${`${line}\n`.repeat(46)}"\nend\n${'x'.repeat(4_500_000)}\nend`,
      'radar@1',
    );
    // The quotes of a record that long don't count: it is as many rows as it has lines.
    expect(first).toEqual({ index: 0, code: 'INVALID_INPUT' });
    expect(others).toHaveLength(45 + 4);
    expect(others.slice(-3)).toEqual([
      { index: 47, instance: { text: 'end' } },
      { index: 48, code: 'PAYLOAD_TOO_LARGE' },
      { index: 49, instance: { text: 'end' } },
    ]);
  });

  test('many open quotes cost linear time', async () => {
    // Each line would open quotes that the next does not close.
    const hostile = ['a"b,"c\n', 'x","y\n', '"\n""\n', '",",\n'];
    for (const line of hostile) {
      const { records } = await readAll(memoryInput('a.csv', `text,b\n${line.repeat(10_000)}`));
      expect(records.length).toBeGreaterThan(5_000);
    }
  });
});

describe('the header of a CSV', () => {
  test.each([
    ['1,2\n3,4\n', 'holds numbers'],
    ['x,,y\n1,2,3\n', 'column 2'],
    ['x,x\n1,2\n', 'twice'],
    ['id\n1\n', "beside 'id'"],
    ['x,"y\n1,2\n', 'quotes'],
    [`${'x'.repeat(4_500_001)}\n1\n`, 'bytes'],
  ])('%#: must name the columns', async (content, why) => {
    const { records, error } = await readAll(memoryInput('a.csv', content));
    expect(records).toEqual([]);
    expect(error).toMatchObject({ message: expect.stringContaining(why) });
  });

  test('alone has no rows', async () => {
    for (const content of ['x,y', 'x,y\n', '\n\nx,y\n\n']) expect(await rows(content)).toEqual([]);
  });
});
