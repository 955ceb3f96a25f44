import {
  Alert,
  Anchor,
  Badge,
  Button,
  Checkbox,
  Code,
  DEFAULT_THEME,
  Group,
  NumberInput,
  PasswordInput,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  Table,
  Tabs,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, within } from "storybook/test";

/** What pages are made of, as the theme colours it: the accessibility check measures each contrast in both schemes. */
const meta = { title: "Theme" } satisfies Meta;

export default meta;

const COLORS = Object.keys(DEFAULT_THEME.colors).filter((color) => color !== "dark");
const VARIANTS = ["filled", "light", "outline", "subtle", "default"];

export const Buttons: StoryObj = {
  render: () => (
    <Stack p="md">
      {COLORS.map((color) => (
        <Group key={color}>
          {VARIANTS.map((variant) => (
            <Button key={variant} color={color} variant={variant}>
              {`${variant} ${color}`}
            </Button>
          ))}
        </Group>
      ))}
    </Stack>
  ),
  async play({ canvasElement }) {
    await expect(within(canvasElement).getAllByRole("button")).toHaveLength(COLORS.length * VARIANTS.length);
  },
};

export const Texts: StoryObj = {
  render: () => (
    <Stack p="md">
      <Text>Text</Text>
      <Text c="dimmed">Dimmed</Text>
      {COLORS.map((color) => (
        <Group key={color}>
          <Text c={color}>{color}</Text>
          {["filled", "light", "outline"].map((variant) => (
            <Badge key={variant} color={color} variant={variant}>
              {`${variant} ${color}`}
            </Badge>
          ))}
          <Alert color={color} title="An alert">
            With <Anchor href="#there">a link</Anchor> and <Code>code</Code>.
          </Alert>
        </Group>
      ))}
      <Table striped>
        <Table.Caption>A caption</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Heading</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          <Table.Tr>
            <Table.Td>
              <Text c="dimmed">Dimmed</Text>
            </Table.Td>
          </Table.Tr>
          <Table.Tr>
            <Table.Td>
              <Anchor href="#there">A link</Anchor>
            </Table.Td>
          </Table.Tr>
        </Table.Tbody>
      </Table>
    </Stack>
  ),
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByText("Text")).toBeVisible();
  },
};

export const Inputs: StoryObj = {
  render: () => (
    <Stack p="md">
      <TextInput label="Title" description="At most 200 characters." placeholder="A placeholder" withAsterisk />
      <NumberInput label="Days" error="Must be a whole number." defaultValue={1.5} />
      <PasswordInput label="Password" visibilityToggleButtonProps={{ "aria-label": "Show the password" }} />
      <Textarea label="Notes" disabled />
      <Select label="Role" data={["member", "owner"]} defaultValue="member" allowDeselect={false} />
      <Switch label="A switch" description="What it does." defaultChecked />
      <Checkbox label="A box" description="What it does." defaultChecked />
      <SegmentedControl data={["All", "Archived"]} aria-label="Which chats" />
      <Tabs defaultValue="messages">
        <Tabs.List>
          <Tabs.Tab value="messages">Messages</Tabs.Tab>
          <Tabs.Tab value="debug">Debug</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="messages">The messages</Tabs.Panel>
        <Tabs.Panel value="debug">The runs</Tabs.Panel>
      </Tabs>
    </Stack>
  ),
  async play({ canvasElement }) {
    await expect(within(canvasElement).getByLabelText("Days")).toBeInvalid();
  },
};
