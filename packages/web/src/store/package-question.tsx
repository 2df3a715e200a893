import { lazy, Suspense, useState } from 'react';
import { Button } from '../look/button.js';
import { useWords } from '../texts/use-words.js';
import type { HandConsent, Handover } from './use-handover.js';

const PackagePublisher = lazy(() => import('./package-publisher.js'));

/** After a refusal that the user may answer: another publisher, or a version that is not newer. */
export function PackageQuestion({
  handover,
  hand,
  clear,
}: {
  handover: Extract<Handover, { state: 'refused' }>;
  hand: (file: File, consent: HandConsent) => void;
  clear: () => void;
}) {
  const { t } = useWords();
  const [isAsking, setAsking] = useState(false);
  const { reason, problem, file } = handover;
  if (reason.code === 'PUBLISHER_CHANGED' && problem?.publisher !== undefined) {
    return (
      <>
        <Button face="soft" onClick={() => setAsking(true)}>
          {t('actions.whatNow')}
        </Button>
        {isAsking && (
          <Suspense fallback={null}>
            <PackagePublisher
              problem={problem}
              onAccept={(acceptPublisher) => {
                setAsking(false);
                hand(file, { acceptPublisher });
              }}
              onClose={() => {
                setAsking(false);
                clear();
              }}
            />
          </Suspense>
        )}
      </>
    );
  }
  if (reason.code === 'SAME_VERSION' || reason.code === 'NEWER_INSTALLED') {
    return (
      <Button face="soft" onClick={() => hand(file, { force: 'true' })}>
        {t('drop.olderForce')}
      </Button>
    );
  }
  return null;
}
