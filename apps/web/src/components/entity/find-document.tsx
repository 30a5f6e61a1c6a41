'use client';

import { Search, X } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../ui/button.tsx';
import { TextInput } from '../ui/text-input.tsx';

interface FindDocumentProps {
  readonly docId: string | null;
  readonly onFind: (docId: string | null) => void;
}

export function FindDocument({ docId, onFind }: FindDocumentProps) {
  const [typed, setTyped] = useState(docId ?? '');
  return (
    <search>
      <form
        className="flex items-center gap-1.5"
        onSubmit={(event) => {
          event.preventDefault();
          onFind(typed.trim() === '' ? null : typed.trim());
        }}
      >
        <TextInput
          small
          mono
          aria-label="Find a document by its id"
          placeholder="_id or doc_id"
          title="As you write it: 2, a hex ObjectId, a UUID, text, JSON, or the doc_id"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          className="w-56 max-w-full"
        />
        <Button size="small" type="submit" aria-label="Find">
          <Search size={14} aria-hidden />
        </Button>
        {docId === null ? null : (
          <Button size="small" look="quiet" aria-label="Show all rows" onClick={() => onFind(null)}>
            <X size={14} aria-hidden />
          </Button>
        )}
      </form>
    </search>
  );
}
