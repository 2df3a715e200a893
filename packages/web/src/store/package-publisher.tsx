import type { DaemonProblem } from '@jami-plugin-store/contract';
import { useId } from 'react';
import { PublisherQuestion } from '../failure/publisher-question.js';
import { Dialog } from '../look/dialog.js';

/** The question of another publisher, for a file that was handed in. */
export default function PackagePublisher({
  problem,
  onAccept,
  onClose,
}: {
  problem: DaemonProblem;
  onAccept: (identity: string) => void;
  onClose: () => void;
}) {
  const heading = useId();
  return (
    <Dialog labelledBy={heading} onClose={onClose}>
      <PublisherQuestion
        name={problem.plugin?.id ?? ''}
        change={problem}
        heading={heading}
        version={problem.installedVersion}
        onAccept={onAccept}
        onStay={onClose}
      />
    </Dialog>
  );
}
