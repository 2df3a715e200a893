import { Menu } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { buttonClass } from './button.js';
import { classNames } from './class-names.js';
import { Icon } from './icon.js';
import type { MenuEntry } from './menu.js';
import classes from './menu.module.css';

/** The menu itself; it comes up open. */
export default function OpenMenu({ label, entries }: { label: string; entries: readonly MenuEntry[] }) {
  const { i18n } = useTranslation();
  const end = i18n.dir() === 'rtl' ? 'bottom-start' : 'bottom-end';
  return (
    <Menu
      defaultOpened
      position={end}
      withinPortal
      returnFocus
      transitionProps={{ duration: 0 }}
      classNames={{
        dropdown: classes.dropdown,
        item: classes.item,
        itemLabel: classes.label,
        itemSection: classes.section,
      }}
    >
      <Menu.Target>
        <button type="button" className={buttonClass('icon')} aria-label={label}>
          <Icon name="more" size={20} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {entries.map(({ key, label: text, icon, onChoose, isHarsh }) => (
          <Menu.Item
            key={key}
            className={classNames(isHarsh && classes.harsh)}
            leftSection={<Icon name={icon} />}
            onClick={onChoose}
          >
            {text}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
