<?php
/**
 * The order list: a column and a filter.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * Works on both kinds of order list.
 */
final class Order_List {

	const COLUMN    = 'pef_refunds';
	const PARAM     = 'pef_state';
	const ATTENTION = 'attention';

	/**
	 * Hooks into both lists.
	 */
	public static function hook() {
		foreach ( array( 'manage_edit-shop_order_columns', 'manage_woocommerce_page_wc-orders_columns' ) as $filter ) {
			add_filter( $filter, array( self::class, 'add_column' ), 20 );
		}
		add_action( 'manage_shop_order_posts_custom_column', array( self::class, 'show' ), 20, 2 );
		add_action( 'manage_woocommerce_page_wc-orders_custom_column', array( self::class, 'show' ), 20, 2 );
		add_action( 'woocommerce_order_list_table_restrict_manage_orders', array( self::class, 'show_filter' ) );
		add_action( 'restrict_manage_posts', array( self::class, 'show_filter' ) );
		add_filter( 'woocommerce_order_list_table_prepare_items_query_args', array( self::class, 'filter_orders' ) );
		add_filter( 'request', array( self::class, 'filter_posts' ) );
	}

	/**
	 * Puts the column behind the status.
	 *
	 * @param array $columns Columns.
	 * @return array
	 */
	public static function add_column( $columns ) {
		$label = array( self::COLUMN => __( 'Refund', 'pef-refunds' ) );
		$place = array_search( 'order_status', array_keys( $columns ), true );
		if ( false === $place ) {
			return $columns + $label;
		}
		return array_slice( $columns, 0, $place + 1, true ) + $label + array_slice( $columns, $place + 1, null, true );
	}

	/**
	 * The states of an order's refunds.
	 *
	 * @param string        $column The column.
	 * @param int|\WC_Order $order  The order or its id.
	 */
	public static function show( $column, $order ) {
		$order = $order instanceof \WC_Order ? $order : ( self::COLUMN === $column ? wc_get_order( $order ) : null );
		if ( self::COLUMN !== $column || ! $order instanceof \WC_Order ) {
			return;
		}
		foreach ( Record::indexed( $order ) as $state ) {
			// phpcs:ignore WordPress.Security.EscapeOutput -- the badge is made of escaped pieces.
			echo States::badge( $state ) . ' ';
		}
	}

	/**
	 * The filter's list.
	 *
	 * @param string $type The type of the listed posts or orders.
	 */
	public static function show_filter( $type ) {
		if ( 'shop_order' !== $type ) {
			return;
		}
		$choices  = array(
			''              => __( 'All refund states', 'pef-refunds' ),
			self::ATTENTION => __( 'Needs you', 'pef-refunds' ),
		);
		$choices += array_diff_key( States::labels(), array_flip( array( 'waiting', 'told' ) ) );
		echo '<select name="' . esc_attr( self::PARAM ) . '" aria-label="' . esc_attr__( 'Refund state', 'pef-refunds' ) . '">';
		foreach ( $choices as $value => $label ) {
			echo '<option value="' . esc_attr( $value ) . '"' . selected( self::chosen(), $value, false ) . '>' . esc_html( $label ) . '</option>';
		}
		echo '</select>';
	}

	/**
	 * Narrows the list of orders in their own tables.
	 *
	 * @param array $query The query.
	 * @return array
	 */
	public static function filter_orders( $query ) {
		$states = self::states_of( self::chosen() );
		if ( $states ) {
			$query['meta_query'] = array_merge( isset( $query['meta_query'] ) ? (array) $query['meta_query'] : array(), array( self::clause( $states ) ) ); // phpcs:ignore WordPress.DB.SlowDBQuery
		}
		return $query;
	}

	/**
	 * Narrows the list of orders that are posts.
	 *
	 * @param array $query The query.
	 * @return array
	 */
	public static function filter_posts( $query ) {
		global $typenow;
		return is_admin() && 'shop_order' === $typenow ? self::filter_orders( $query ) : $query;
	}

	/**
	 * The states behind a choice; none for a choice that does not exist.
	 *
	 * @param string $choice The choice.
	 * @return string[]
	 */
	public static function states_of( string $choice ): array {
		if ( self::ATTENTION === $choice ) {
			return array_merge( States::ATTENTION, array( 'unknown' ) );
		}
		return array_key_exists( $choice, States::labels() ) ? array( $choice ) : array();
	}

	/**
	 * Where the list stands that the notice leads to.
	 */
	public static function attention_page(): string {
		$orders = wc_get_container()->get( \Automattic\WooCommerce\Internal\Admin\Orders\PageController::class );
		$page   = method_exists( $orders, 'get_orders_url' ) ? $orders->get_orders_url() : admin_url( 'edit.php?post_type=shop_order' );
		return add_query_arg( self::PARAM, self::ATTENTION, $page );
	}

	/**
	 * What the owner chose.
	 */
	private static function chosen(): string {
		// phpcs:ignore WordPress.Security.NonceVerification -- a filter of a list changes nothing.
		return isset( $_GET[ self::PARAM ] ) ? sanitize_key( wp_unslash( $_GET[ self::PARAM ] ) ) : '';
	}

	/**
	 * A condition of a query.
	 *
	 * @param string[] $states States.
	 */
	private static function clause( array $states ): array {
		return array(
			'key'     => Record::INDEX,
			'value'   => $states,
			'compare' => 'IN',
		);
	}
}
