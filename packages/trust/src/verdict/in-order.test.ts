import { describe, expect, it } from 'vitest';
import { inOrder } from './in-order.js';

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

describe('inOrder', () => {
  it('answers both', async () => {
    await expect(
      inOrder(
        undefined,
        async () => 1,
        async () => 'two',
      ),
    ).resolves.toEqual([1, 'two']);
  });

  it("holds the second one's failure back until the first one has answered", async () => {
    let answer: (value: string) => void = () => undefined;
    const first = new Promise<string>((resolve) => {
      answer = resolve;
    });
    let settled = false;
    const both = inOrder(
      undefined,
      () => first,
      () => Promise.reject(new Error('second')),
    );
    both
      .catch(() => undefined)
      .finally(() => {
        settled = true;
      });
    await tick();
    expect(settled).toBe(false);
    answer('good');
    await expect(both).rejects.toThrow('second');
  });

  it("lets the first one's failure win, even when it comes later", async () => {
    const late = async (): Promise<never> => {
      await tick();
      throw new Error('first');
    };
    await expect(inOrder(undefined, late, () => Promise.reject(new Error('second')))).rejects.toThrow(
      'first',
    );
  });

  it('stops the second when the first fails, and waits until it is at rest', async () => {
    let atRest = false;
    const second = async (stop: AbortSignal): Promise<never> => {
      try {
        return await untilAborted(stop);
      } finally {
        await tick();
        atRest = true;
      }
    };
    await expect(inOrder(undefined, () => Promise.reject(new Error('first')), second)).rejects.toThrow(
      'first',
    );
    expect(atRest).toBe(true);
  });

  it('does not stop the first when the second fails', async () => {
    let stopped: boolean | undefined;
    const first = async (stop: AbortSignal) => {
      await tick();
      stopped = stop.aborted;
    };
    await expect(inOrder(undefined, first, () => Promise.reject(new Error('second')))).rejects.toThrow(
      'second',
    );
    expect(stopped).toBe(false);
  });

  it("ends with the signal's reason, even when the first one does not listen", async () => {
    const controller = new AbortController();
    const both = inOrder(controller.signal, () => new Promise(() => undefined), untilAborted);
    controller.abort(new Error('enough'));
    await expect(both).rejects.toThrow('enough');
  });

  it('does not wait for a first one when the signal came before', async () => {
    const signal = AbortSignal.abort(new Error('before'));
    await expect(
      inOrder(
        signal,
        () => new Promise(() => undefined),
        async () => 2,
      ),
    ).rejects.toThrow('before');
  });
});
