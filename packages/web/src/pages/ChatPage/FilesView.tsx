import { Anchor, Table } from "@mantine/core";
import type { ChatFile } from "@shelflife/api-contract";
import { IconPaperclip } from "@tabler/icons-react";
import type { JSX } from "react";

import { fileAddress } from "../../api/chats.ts";
import { Bytes } from "../../components/Bytes.tsx";
import { Message } from "../../components/Message.tsx";
import { TimeText } from "../../components/TimeText.tsx";
import { ScrollTable } from "../../components/ScrollTable.tsx";

/** The files that a conversation's messages name. */
export function FilesView({ files }: { files: readonly ChatFile[] }): JSX.Element {
  if (files.length === 0) {
    return (
      <Message icon={<IconPaperclip />} title="No files">
        A message that names a file links it here.
      </Message>
    );
  }
  return (
    <ScrollTable label="Files" scrollsBelow={420} columns={["Name", "Type", "Size", "Uploaded"]}>
      {files.map((file) => (
        <Table.Tr key={file.id}>
          <Table.Td>
            <Anchor href={fileAddress(file.id)}>{file.name === "" ? file.id : file.name}</Anchor>
          </Table.Td>
          <Table.Td>{file.mimetype}</Table.Td>
          <Table.Td>
            <Bytes bytes={file.size} />
          </Table.Td>
          <Table.Td>
            <TimeText time={file.created_at} />
          </Table.Td>
        </Table.Tr>
      ))}
    </ScrollTable>
  );
}
